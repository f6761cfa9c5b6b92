// Command calico-status is the part of calico-node that fills CalicoNodeStatus from BIRD's sockets.
package main

import "github.com/projectcalico/calico/node/pkg/status"

func main() { status.Run() }
