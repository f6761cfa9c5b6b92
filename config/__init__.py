"""What a stack sets: its settings, the fabrics of the examples, the schema of the fabric file, the rights it needs."""
