package claims

import (
	"sort"
	"strings"
	"testing"
)

func TestPermissionsTable(t *testing.T) {
	if len(permissions) < 40 {
		t.Errorf("%d permissions are described, at least forty should be", len(permissions))
	}
	if !sort.SliceIsSorted(permissions, func(i, j int) bool { return permissions[i].name < permissions[j].name }) {
		t.Error("permissions is not sorted by name")
	}
	seen := map[string]bool{}
	for _, p := range permissions {
		if seen[p.name] {
			t.Errorf("%s stands twice", p.name)
		}
		seen[p.name] = true
		if !strings.HasSuffix(p.meaning, ".") || strings.Count(p.meaning, ". ") > 0 {
			t.Errorf("%s: %q is not one sentence", p.name, p.meaning)
		}
	}
}

func TestDescribePermission(t *testing.T) {
	for _, c := range []struct {
		name, meaning string
		listed        bool
	}{
		{"User.Read", "Sign the person in and read their own profile.", true},
		{"user.read", "Sign the person in and read their own profile.", true},
		{"https://graph.microsoft.com/.default", "All that the application has been granted.", true},
		{"DeviceManagementApps.ReadWrite.All", "Read and change device management apps, throughout the organization.", false},
		{"CloudPC.Read.All", "Read cloud PC, throughout the organization.", false},
		{"User-LifeCycleInfo.Read.All", "Read user life cycle info, throughout the organization.", false},
		{"Mail.Read.Shared", "Read mail, shared ones included.", false},
		{"BitlockerKey.ReadBasic.All", "Read the basic properties of bitlocker key, throughout the organization.", false},
		{"Policy.ReadWrite.AuthenticationMethod", "Read and change policy, in authentication method.", false},
		{"Files.Selected", "Use those of files that an administrator has allowed one by one.", false},
		{"user_impersonation", "", false},
		{"A.Frobnicate.All", "", false},
		{"..", "", false},
		{"", "", false},
	} {
		if meaning, listed := describePermission(c.name); meaning != c.meaning || listed != c.listed {
			t.Errorf("%q: %q, %v, want %q, %v", c.name, meaning, listed, c.meaning, c.listed)
		}
	}
}
