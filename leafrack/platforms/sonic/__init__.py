"""SONiC, where its routing is configured by vtysh and not by CONFIG_DB."""
