package certificate

// list gives what the stores hold. On macOS the keychains are read to explain a miss only:
// security(1) cannot sign with a key, and taking keys out is the person's to do.
func (l Loader) list([]string) ([]stored, error) { return listKeychains() }
