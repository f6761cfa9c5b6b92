"""Sessions and routes: which a phase expects, compared with what is seen, and waited for."""
