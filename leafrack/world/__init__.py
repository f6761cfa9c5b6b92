"""The cluster and the switches as they are: reading, writing, asking again."""
