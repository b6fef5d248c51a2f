"""In-memory stand-ins for ports; each keeps the promises that its adapter keeps."""
