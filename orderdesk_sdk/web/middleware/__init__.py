"""What holds for every request, as plain ASGI: streams pass through it untouched."""
