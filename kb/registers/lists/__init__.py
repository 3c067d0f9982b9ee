"""Lists: the organisations that an account picked to call, alone or with colleagues."""
