"""The recorder: values to be computed, the storages that hold them, the views into these."""
