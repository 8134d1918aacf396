"""The lesson, its checks, the glossary, the concept map: nothing else depends on it."""
