// The target whose precompiled headers the test programs share needs a file of its own.
