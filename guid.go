package main

// isGUID holds for a GUID in its usual form.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !(r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'f') {
			return false
		}
	}
	return true
}
