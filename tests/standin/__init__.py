"""The contract of the command provider, held against a real `pulumi`, a real sshd and whichever plugin is installed."""
