"""Pictures that a visitor brings: what they are is shown before they are kept, and kept they are a data set."""
