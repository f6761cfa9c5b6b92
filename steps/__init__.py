"""Steps: the changes that move traffic, each taken only from the state that it leaves, each with a way back."""
