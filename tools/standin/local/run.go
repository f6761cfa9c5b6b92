package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"

	"pulumi-resource-command/output"
)

// Run is the function command:local:run. Unlike a Command it also runs in a preview.
type Run struct{}

// RunArgs are the inputs of Run.
type RunArgs struct {
	Settings
	Command string   `pulumi:"command"`
	Logging *Logging `pulumi:"logging,optional"`
}

// RunResult is what Run returns: its inputs and the outcome.
type RunResult struct {
	RunArgs
	output.Result
}

// Invoke runs the command.
func (Run) Invoke(
	ctx context.Context, request infer.FunctionRequest[RunArgs],
) (infer.FunctionResponse[RunResult], error) {
	args := request.Input
	if err := args.unserved(); err != nil {
		return infer.FunctionResponse[RunResult]{}, err
	}
	result, err := run(ctx, args.Settings, args.Logging, args.Command, output.Result{})
	return infer.FunctionResponse[RunResult]{Output: RunResult{RunArgs: args, Result: result}}, err
}
