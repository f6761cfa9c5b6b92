//go:build tools

// Package tools pins Calico's own programs of a lab node.
package tools

import (
	_ "github.com/projectcalico/calico/calicoctl/calicoctl"
	_ "github.com/projectcalico/calico/confd"
)
