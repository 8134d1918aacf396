"""The answers of the checks, the live parts of the lesson, and snippets, on a live backbone."""
