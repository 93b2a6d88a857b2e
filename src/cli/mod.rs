//! Floor 7: arguments to a driver; failures to messages and exit codes.
