"""A model's dashboard as a page of its own, drawn from the same body that CloudWatch draws."""
