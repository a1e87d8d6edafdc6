package vault

// systemKey is in the login keychain.
var systemKey = loginKeychain
