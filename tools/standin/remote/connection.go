package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Endpoint is one SSH server, and how to reach and log in to it. DialErrorLimit counts the failed attempts that
// are followed by another one, -1 for no limit; PerDialTimeout is in seconds, 0 for none.
type Endpoint struct {
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	Host               string   `pulumi:"host"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	Password           *string  `pulumi:"password,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
	Port               *float64 `pulumi:"port,optional"`
	PrivateKey         *string  `pulumi:"privateKey,optional"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional"`
	User               *string  `pulumi:"user,optional"`
}

// Defaults of pulumi-command's schema, which the SDKs apply as well.
const (
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15
	defaultPort           = 22
	defaultUser           = "root"
)

// Annotate makes the defaults part of the package schema and of the checked inputs.
func (e *Endpoint) Annotate(a infer.Annotator) {
	a.SetDefault(&e.DialErrorLimit, defaultDialErrorLimit)
	a.SetDefault(&e.PerDialTimeout, defaultPerDialTimeout)
	a.SetDefault(&e.Port, defaultPort)
	a.SetDefault(&e.User, defaultUser)
}

// ProxyConnection is a bastion host.
type ProxyConnection struct {
	Endpoint
}

// Connection is the server that a command runs on, reached through the bastion host if there is one.
type Connection struct {
	Endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// link is a logged-in connection with what must be closed after it.
type link struct {
	*ssh.Client
	under func() error
}

// Close ends the connection and what it runs through.
func (l link) Close() error {
	return errors.Join(l.Client.Close(), l.under())
}

// dialer opens the byte stream of an SSH connection: from this machine or from a bastion host.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dial connects and logs in. Errors name host and port, and the bastion host where that is what failed.
func (c *Connection) dial(ctx context.Context) (link, error) {
	if c.Proxy == nil {
		client, err := c.Endpoint.dial(ctx, "SSH to", (&net.Dialer{}).DialContext)
		return link{client, func() error { return nil }}, err
	}
	bastion, err := c.Proxy.dial(ctx, "SSH to proxy", (&net.Dialer{}).DialContext)
	if err != nil {
		return link{}, err
	}
	client, err := c.Endpoint.dial(ctx, "SSH through proxy to", bastion.DialContext)
	if err != nil {
		_ = bastion.Close()
		return link{}, err
	}
	return link{client, bastion.Close}, nil
}

// dial tries until the login succeeds, the limit of errors is passed or ctx ends. Every error counts and is
// retried, a refused login or a wrong host key too.
func (e *Endpoint) dial(ctx context.Context, what string, open dialer) (*ssh.Client, error) {
	address := net.JoinHostPort(e.Host, strconv.Itoa(int(or(e.Port, defaultPort))))
	config, release, err := e.clientConfig()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, address, err)
	}
	defer release()
	var client *ssh.Client
	accepted, _, err := retry.Until(ctx, retry.Acceptor{
		Accept: func(try int, _ time.Duration) (bool, any, error) {
			failure := error(nil)
			if client, failure = e.attempt(ctx, address, config, open); failure == nil {
				return true, nil, nil
			}
			attempts, limit := try+1, or(e.DialErrorLimit, defaultDialErrorLimit)
			if limit >= 0 && attempts > limit {
				return false, nil, fmt.Errorf("%s %s: after %d failed attempts: %w", what, address, attempts, failure)
			}
			provider.GetLogger(ctx).InfoStatusf("%s %s: attempt %d failed, trying again", what, address, attempts)
			return false, nil, nil
		},
	})
	if err == nil && !accepted {
		err = fmt.Errorf("%s %s: %w", what, address, context.Cause(ctx))
	}
	return client, err
}

// attempt makes one connection and logs in, within the time that the endpoint allows for both together.
func (e *Endpoint) attempt(
	ctx context.Context, address string, config *ssh.ClientConfig, open dialer,
) (*ssh.Client, error) {
	if seconds := or(e.PerDialTimeout, defaultPerDialTimeout); seconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(seconds)*time.Second,
			fmt.Errorf("no login within perDialTimeout, %d s", seconds))
		defer cancel()
	}
	stream, err := open(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// A stream through a bastion host knows no deadlines, but every stream can be closed.
	watch := context.AfterFunc(ctx, func() { _ = stream.Close() })
	connection, channels, requests, err := ssh.NewClientConn(stream, address, config)
	if !watch() {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = stream.Close()
		return nil, err
	}
	return ssh.NewClient(connection, channels, requests), nil
}

// clientConfig turns the endpoint's settings into those of the SSH library. The returned function releases the
// connection to the SSH agent. Without a host key any server is accepted.
func (e *Endpoint) clientConfig() (*ssh.ClientConfig, func(), error) {
	config := &ssh.ClientConfig{User: or(e.User, defaultUser), HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	release := func() {}
	if e.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
		if err != nil {
			return nil, release, fmt.Errorf("hostKey is not a line of the form of authorized_keys: %w", err)
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		config.HostKeyAlgorithms = []string{key.Type()}
	}
	if e.PrivateKey != nil {
		signer, err := e.signer()
		if err != nil {
			return nil, release, fmt.Errorf("privateKey: %w", err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(e.answer))
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if e.AgentSocketPath != nil {
		socket = *e.AgentSocketPath
	}
	if socket != "" {
		stream, err := net.Dial("unix", socket)
		if err != nil {
			return nil, release, fmt.Errorf("SSH agent: %w", err)
		}
		release = func() { _ = stream.Close() }
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(stream).Signers))
	}
	return config, release, nil
}

func (e *Endpoint) signer() (ssh.Signer, error) {
	if e.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*e.PrivateKey), []byte(*e.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*e.PrivateKey))
}

// answer gives the password to every question of keyboard-interactive login.
func (e *Endpoint) answer(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = *e.Password
	}
	return answers, nil
}

func or[T any](value *T, fallback T) T {
	if value == nil {
		return fallback
	}
	return *value
}
