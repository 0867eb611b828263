"""For whoever writes a plugin. Nothing is imported here; name the module you need."""
