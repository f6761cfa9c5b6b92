"""What a wheel holds: one import name. All else about the package is in pyproject.toml."""

from setuptools import find_packages, setup  # type: ignore[import-untyped]

setup(
    # The components are a folder of the clone beside the program; in the wheel they are part of leafrack.
    packages=[*find_packages(include=["leafrack", "leafrack.*"]), "leafrack.components"],
    package_dir={"leafrack.components": "components"},
    package_data={"": ["py.typed", "*.sh"]},
)
