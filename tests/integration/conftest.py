"""What the integration's tests share."""

# The harness puts a package of the same name first on the path; ours must be known before.
import custom_components  # noqa: F401 - imported for its effect
