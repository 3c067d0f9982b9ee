"""The site for assistants: its tools and resources in the Model Context Protocol."""
