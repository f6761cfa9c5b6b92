// Package remote serves command:remote:Command: commands over SSH.
package remote

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"

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

// Command is the resource command:remote:Command. A preview runs nothing, and there is no Read: a refresh leaves
// the state as it is.
type Command struct{}

// CommandArgs are the inputs of a Command.
type CommandArgs struct {
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
	Connection             Connection        `pulumi:"connection" provider:"secret"`
	Create                 *string           `pulumi:"create,optional"`
	Delete                 *string           `pulumi:"delete,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Logging                *Logging          `pulumi:"logging,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Triggers               []any             `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Update                 *string           `pulumi:"update,optional"`
}

// CommandState is what the stack keeps of a Command: the inputs of its last run and their outcome.
type CommandState struct {
	CommandArgs
	output.Result
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
	state.Result, err = run(ctx, args, *command, earlier)
	return state, err
}

// run executes command in an exec channel of a connection of its own, without a terminal. A command that exits
// other than 0, or whose server sends no exit status, is an error that carries the command and what it wrote.
func run(ctx context.Context, args CommandArgs, command string, earlier output.Result) (output.Result, error) {
	client, err := args.Connection.dial(ctx)
	if err != nil {
		return output.Result{}, err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return output.Result{}, fmt.Errorf("opening an SSH session: %w", err)
	}
	defer endOnCancel(ctx, client, session)()
	if err := setEnvironment(ctx, session, args, earlier); err != nil {
		return output.Result{}, err
	}
	if args.Stdin != nil && *args.Stdin != "" {
		session.Stdin = strings.NewReader(*args.Stdin)
	}
	mode := ""
	if args.Logging != nil {
		mode = string(*args.Logging)
	}
	capture := output.NewCapture(ctx, mode)
	session.Stdout, session.Stderr = capture.Stdout(), capture.Stderr()
	err = session.Run(command)
	result := capture.Result()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return output.Result{}, capture.Failure(command, err)
	}
	return result, nil
}

// setEnvironment sends SSH env requests. The server refusing a variable of the resource is an error; refusing
// the earlier output is only a warning, because servers refuse by default and few commands want it.
func setEnvironment(ctx context.Context, session *ssh.Session, args CommandArgs, earlier output.Result) error {
	const advice = "the SSH server must be configured to accept it (AcceptEnv in OpenSSH)"
	for _, name := range slices.Sorted(maps.Keys(args.Environment)) {
		if err := session.Setenv(name, args.Environment[name]); err != nil {
			return fmt.Errorf("could not set environment variable %q, %s: %w", name, advice, err)
		}
	}
	if args.AddPreviousOutputInEnv != nil && !*args.AddPreviousOutputInEnv {
		return nil
	}
	variables := earlier.Environment()
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if err := session.Setenv(name, variables[name]); err != nil {
			provider.GetLogger(ctx).Warningf("could not set environment variable %q, %s; "+
				"addPreviousOutputInEnv=false does without it: %v", name, advice, err)
		}
	}
	return nil
}

// endOnCancel asks the server to end the command when ctx is cancelled, and then drops the connection, so that a
// server that does not answer holds up nobody. The returned function ends the watch.
func endOnCancel(ctx context.Context, client link, session *ssh.Session) func() bool {
	return context.AfterFunc(ctx, func() {
		drop := time.AfterFunc(time.Second, func() { _ = client.Close() })
		defer drop.Stop()
		_ = session.Signal(ssh.SIGTERM)
		_ = client.Close()
	})
}
