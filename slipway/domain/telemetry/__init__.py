"""The platform's own spans and metrics, as OpenTelemetry has them."""
