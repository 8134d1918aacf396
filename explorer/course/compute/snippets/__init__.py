"""Our own lines of code on a live backbone: the glossary's snippets, and the lesson's checks."""
