package local

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"pulumi-resource-command/output"
)

// killAfter is how long a cancelled command may take to end by itself.
const killAfter = 5 * time.Second

// run executes command on this machine as settings say. Earlier output, if the settings want it, reaches the
// command in its environment. A command that cannot be started or exits other than 0 is an error that carries
// the command and what it wrote.
func run(
	ctx context.Context, settings Settings, logging *Logging, command string, earlier output.Result,
) (output.Result, error) {
	line := []string{"/bin/sh", "-c"}
	if len(settings.Interpreter) > 0 {
		line = settings.Interpreter
	}
	line = append(line[:len(line):len(line)], command)

	// The engine starts the plugin in the project's directory, which is the default for the command as well.
	process := exec.CommandContext(ctx, line[0], line[1:]...)
	if settings.Dir != nil {
		process.Dir = *settings.Dir
	}
	process.Env = os.Environ()
	for name, value := range settings.Environment {
		process.Env = append(process.Env, name+"="+value)
	}
	if settings.AddPreviousOutputInEnv == nil || *settings.AddPreviousOutputInEnv {
		for name, value := range earlier.Environment() {
			process.Env = append(process.Env, name+"="+value)
		}
	}
	if settings.Stdin != nil {
		process.Stdin = strings.NewReader(*settings.Stdin)
	}
	mode := ""
	if logging != nil {
		mode = string(*logging)
	}
	capture := output.NewCapture(ctx, mode)
	process.Stdout, process.Stderr = capture.Stdout(), capture.Stderr()

	endGroupOnCancel(process)
	err := process.Run()
	result := capture.Result()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return output.Result{}, capture.Failure(command, err)
	}
	return result, nil
}

// endGroupOnCancel gives the process a group of its own and makes cancellation end all of it: a shell that is
// killed alone leaves its children running.
func endGroupOnCancel(process *exec.Cmd) {
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error {
		group := -process.Process.Pid
		time.AfterFunc(killAfter, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
		return syscall.Kill(group, syscall.SIGTERM)
	}
}
