"""What pyproject.toml cannot say: the wheel takes pages, texts and the launcher along, as files of `explorer.share`."""

from setuptools import find_packages, setup

setup(
    script_name="setup.py",  # so that it is not itself a module of `explorer.share`
    packages=[*find_packages(include=["explorer", "explorer.*"]), "explorer.share"],
    package_dir={"explorer.share": "."},
    package_data={
        "explorer.app": ["*.svg", "*.js"],
        "explorer.arriving.view": ["*.css", "*.js"],
        "explorer.share": [".streamlit/config.toml", "pages/*.py", "assets/**/*", "docs/findings.md", "docs/**/*.csv"],
    },
)
