"""Facts of the world that ship with the program: France's departments, the economy's trades."""
