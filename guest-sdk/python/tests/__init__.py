"""The tests of the SDK. Run `python3 -m unittest` in the parent folder."""
