"""Cancel orders where they really are: plugins declare how, a core asks, follows up and proves the result."""
