"""What the commands do: they join the engine to the reports. One module a reader, one function a command."""
