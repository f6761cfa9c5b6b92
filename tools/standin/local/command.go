// Package local serves command:local:Command and command:local:run: commands on the machine that Pulumi runs on.
package local

import (
	"context"
	"errors"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"pulumi-resource-command/output"
)

// Logging says which of a command's streams are shown while it runs.
type Logging string

// Values lists the modes for the package schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: "stdout", Description: "Show stdout only"},
		{Name: "Stderr", Value: "stderr", Description: "Show stderr only"},
		{Name: "StdoutAndStderr", Value: "stdoutAndStderr", Description: "Show stdout and stderr"},
		{Name: "None", Value: "none", Description: "Show nothing"},
	}
}

// Settings are the inputs that every local command has.
type Settings struct {
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
	ArchivePaths           []string          `pulumi:"archivePaths,optional"`
	AssetPaths             []string          `pulumi:"assetPaths,optional"`
	Dir                    *string           `pulumi:"dir,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Interpreter            []string          `pulumi:"interpreter,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
}

// unserved is an error for settings that only the official plugin knows.
func (s Settings) unserved() error {
	if s.AssetPaths != nil || s.ArchivePaths != nil {
		return errors.New("assetPaths and archivePaths need the official pulumi-command plugin; this is the offline stand-in")
	}
	return nil
}

// Command is the resource command:local:Command. A preview runs nothing, and there is no Read: a refresh leaves
// the state as it is.
type Command struct{}

// CommandArgs are the inputs of a Command.
type CommandArgs struct {
	Settings
	Create   *string  `pulumi:"create,optional"`
	Delete   *string  `pulumi:"delete,optional"`
	Logging  *Logging `pulumi:"logging,optional"`
	Triggers []any    `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Update   *string  `pulumi:"update,optional"`
}

// CommandState is what the stack keeps of a Command: the inputs of its last run and their outcome.
type CommandState struct {
	CommandArgs
	output.Result
}

// Check refuses what the stand-in does not serve, in a preview already.
func (Command) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[CommandArgs], error) {
	args, failures, err := infer.DefaultCheck[CommandArgs](ctx, request.NewInputs)
	if unserved := args.unserved(); unserved != nil {
		failures = append(failures, provider.CheckFailure{Reason: unserved.Error()})
	}
	return infer.CheckResponse[CommandArgs]{Inputs: args, Failures: failures}, err
}

// Create runs the create command, if there is one. A failed run leaves no resource behind.
func (Command) Create(
	ctx context.Context, request infer.CreateRequest[CommandArgs],
) (infer.CreateResponse[CommandState], error) {
	id, err := resource.NewUniqueHex(request.Name, 8, 0)
	if err != nil {
		return infer.CreateResponse[CommandState]{}, err
	}
	state, err := apply(ctx, request.Inputs, request.Inputs.Create, output.Result{}, request.DryRun)
	return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
}

// Update runs the new update command, or the new create command where there is none, on any change of an input
// that does not replace the resource.
func (Command) Update(
	ctx context.Context, request infer.UpdateRequest[CommandArgs, CommandState],
) (infer.UpdateResponse[CommandState], error) {
	command := request.Inputs.Update
	if command == nil {
		command = request.Inputs.Create
	}
	state, err := apply(ctx, request.Inputs, command, request.State.Result, request.DryRun)
	return infer.UpdateResponse[CommandState]{Output: state}, err
}

// Delete runs the delete command that the last successful run left in the state, with the inputs of that run.
func (Command) Delete(
	ctx context.Context, request infer.DeleteRequest[CommandState],
) (infer.DeleteResponse, error) {
	state := request.State
	_, err := apply(ctx, state.CommandArgs, state.Delete, state.Result, false)
	return infer.DeleteResponse{}, err
}

// apply runs command unless there is none or nothing may run; the earlier result stays then.
func apply(
	ctx context.Context, args CommandArgs, command *string, earlier output.Result, dryRun bool,
) (CommandState, error) {
	state := CommandState{CommandArgs: args, Result: earlier}
	if command == nil || dryRun {
		return state, nil
	}
	var err error
	state.Result, err = run(ctx, args.Settings, args.Logging, *command, earlier)
	return state, err
}
