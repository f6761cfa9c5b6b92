// Package output holds what local and remote commands share: capturing a command's output while it is shown,
// the names under which earlier output is handed on, and the text of a failure.
package output

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	provider "github.com/pulumi/pulumi-go-provider"
)

// Names of the environment variables that carry the output of the run before to an update or a delete.
const (
	StdoutVariable = "PULUMI_COMMAND_STDOUT"
	StderrVariable = "PULUMI_COMMAND_STDERR"
)

// Result is the output of a command as its resource keeps it.
type Result struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Environment returns the variables for the next run. Empty output sets no variable.
func (r Result) Environment() map[string]string {
	variables := map[string]string{}
	if r.Stdout != "" {
		variables[StdoutVariable] = r.Stdout
	}
	if r.Stderr != "" {
		variables[StderrVariable] = r.Stderr
	}
	return variables
}

// Capture collects both streams of one command, and hands whole lines to the engine's status display where the
// resource's logging mode asks for it.
type Capture struct {
	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	both           bytes.Buffer
	lines          []*lineWriter
	show           func(line string)
	mode           string
}

// NewCapture returns a capture in logging mode "stdout", "stderr", "none" or, as for an empty mode,
// "stdoutAndStderr".
func NewCapture(ctx context.Context, mode string) *Capture {
	return &Capture{show: provider.GetLogger(ctx).InfoStatus, mode: mode}
}

// Stdout is the writer for the command's standard output.
func (c *Capture) Stdout() io.Writer {
	return c.writer(&c.stdout, c.mode != "stderr" && c.mode != "none")
}

// Stderr is the writer for the command's standard error.
func (c *Capture) Stderr() io.Writer {
	return c.writer(&c.stderr, c.mode != "stdout" && c.mode != "none")
}

func (c *Capture) writer(buffer *bytes.Buffer, shown bool) io.Writer {
	kept := io.MultiWriter(buffer, &c.both)
	if shown {
		lines := &lineWriter{show: c.show}
		c.lines = append(c.lines, lines)
		kept = io.MultiWriter(kept, lines)
	}
	return &lockedWriter{mu: &c.mu, next: kept}
}

// Result ends the capture: what was written, without the last line's newline.
func (c *Capture) Result() Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, lines := range c.lines {
		lines.flush()
	}
	return Result{
		Stdout: strings.TrimSuffix(c.stdout.String(), "\n"),
		Stderr: strings.TrimSuffix(c.stderr.String(), "\n"),
	}
}

// Failure describes a command that did not succeed, with everything it wrote.
func (c *Capture) Failure(command string, cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Errorf("%w: running %q:\n%s", cause, command, c.both.String())
}

// lockedWriter lets the two streams of a command share buffers.
type lockedWriter struct {
	mu   *sync.Mutex
	next io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next.Write(p)
}

// lineWriter shows each line when it is complete. It never fails and has no limit on the length of a line, so
// that the display cannot hold up or break a command.
type lineWriter struct {
	show    func(line string)
	pending []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.pending = append(w.pending, p...)
	for {
		line, rest, found := bytes.Cut(w.pending, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.show(strings.ToValidUTF8(strings.TrimSuffix(string(line), "\r"), "\uFFFD"))
		w.pending = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.show(strings.ToValidUTF8(string(w.pending), "\uFFFD"))
		w.pending = nil
	}
}
