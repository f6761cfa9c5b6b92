"""The command provider's contract, held against a real `pulumi`, a real sshd and the plugin in use."""
