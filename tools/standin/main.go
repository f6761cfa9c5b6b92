// Command pulumi-resource-command is an offline stand-in for the provider plugin of pulumi-command. It serves
// command:local:Command, command:local:run and command:remote:Command under the contract of release 1.2.1, for
// machines that cannot download the official plugin.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"pulumi-resource-command/local"
	"pulumi-resource-command/remote"
)

// version is the release whose contract is served; the build sets it.
var version = "0.0.0-dev"

func main() {
	identity := "offline stand-in for pulumi-command " + version
	flag.BoolFunc("version", "print what this plugin is, and exit", func(string) error {
		fmt.Println(identity)
		os.Exit(0)
		return nil
	})
	plugin, err := newProvider(identity)
	if err == nil {
		err = plugin.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", identity, err)
		os.Exit(1)
	}
}

// newProvider assembles the plugin. Its identity is the description of the package and, once per configured
// provider, a line in the engine's debug log.
func newProvider(identity string) (provider.Provider, error) {
	plugin, err := infer.NewProviderBuilder().
		WithDisplayName("Command ("+identity+")").
		WithDescription("The "+identity+": runs commands on this machine and over SSH.").
		WithResources(
			infer.Resource(local.Command{}),
			infer.Resource(remote.Command{}),
		).
		WithFunctions(infer.Function(local.Run{})).
		Build()
	if err != nil {
		return plugin, err
	}
	plugin.Configure = func(ctx context.Context, _ provider.ConfigureRequest) error {
		provider.GetLogger(ctx).Debug(identity)
		return nil
	}
	return plugin, nil
}
