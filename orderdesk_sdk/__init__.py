"""Cancel orders where they really are: plugins that declare and make the calls, a core that follows up and proves the result."""
