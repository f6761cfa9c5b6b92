//go:build tools

// Package tools pins Pulumi's language host for Python.
package tools

import (
	_ "github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3"
)
