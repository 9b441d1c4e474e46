"""What is where: inventories of places, what is different between two, and moving just that."""
