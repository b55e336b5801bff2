"""What one side still says of the other: names, messages, unused imports, misspellings, dangling references."""
