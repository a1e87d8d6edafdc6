// Permissions of Microsoft Graph in plain words: the commonest in a table, the others
// read by the grammar of their names. It knows nothing of tokens.

package claims

import (
	"strings"

	"connect-entra/failure"
)

// permissions is sorted by name. One row serves a delegated permission and the
// application's of the same name: what a person adds to it is said once, beside the list.
// Source: learn.microsoft.com/graph/permissions-reference.
var permissions = []struct{ name, meaning string }{
	{"AppRoleAssignment.ReadWrite.All", "Grant any application any permission, itself included: as strong as an administrator."},
	{"Application.Read.All", "Read every app registration and enterprise application."},
	{"Application.ReadWrite.All", "Create, change and delete every application, and add secrets to it."},
	{"Application.ReadWrite.OwnedBy", "Create applications, and change those that this application owns."},
	{"AuditLog.Read.All", "Read sign-in logs and audit logs."},
	{"Calendars.Read", "Read calendars and their events."},
	{"Calendars.ReadWrite", "Read, create, change and delete calendar events."},
	{"Chat.Read", "Read Teams chats."},
	{"Contacts.Read", "Read the contacts of mailboxes."},
	{"DelegatedPermissionGrant.ReadWrite.All", "Grant and revoke delegated permissions for anyone: as strong as an administrator."},
	{"Device.Read.All", "Read every device that is registered in the tenant."},
	{"DeviceManagementConfiguration.Read.All", "Read Intune's device configuration and policies."},
	{"DeviceManagementManagedDevices.Read.All", "Read the devices that Intune manages."},
	{"DeviceManagementManagedDevices.ReadWrite.All", "Read and change the devices that Intune manages; some actions, such as wiping, need more."},
	{"Directory.AccessAsUser.All", "Do in the directory all that the signed-in person may do."},
	{"Directory.Read.All", "Read the directory: users, groups, applications, devices, roles."},
	{"Directory.ReadWrite.All", "Read and change the directory; it cannot delete users or groups, nor reset passwords."},
	{"Files.Read.All", "Read every file in OneDrive and SharePoint."},
	{"Files.ReadWrite.All", "Read, create, change and delete every file in OneDrive and SharePoint."},
	{"Group.Read.All", "Read every group, its members, conversations, calendar and files."},
	{"Group.ReadWrite.All", "Create, change and delete groups, and read and write what is in them."},
	{"GroupMember.Read.All", "Read which groups there are and who is in them."},
	{"GroupMember.ReadWrite.All", "Read groups, and add and remove their members."},
	{"IdentityRiskyUser.Read.All", "Read which users are at risk, and why."},
	{"Mail.Read", "Read mail."},
	{"Mail.ReadWrite", "Read, create, change and delete mail; not send it."},
	{"Mail.Send", "Send mail."},
	{"Organization.Read.All", "Read about the organization: its name, domains, licences and branding."},
	{"Policy.Read.All", "Read the organization's policies, Conditional Access among them."},
	{"Policy.ReadWrite.ConditionalAccess", "Read and change Conditional Access policies."},
	{"Reports.Read.All", "Read usage reports."},
	{"RoleManagement.Read.Directory", "Read the administrator roles and who holds them."},
	{"RoleManagement.ReadWrite.Directory", "Give and take administrator roles, Global Administrator included."},
	{"Sites.FullControl.All", "Do anything with every SharePoint site, permissions included."},
	{"Sites.Read.All", "Read every SharePoint site, its lists and files."},
	{"Sites.ReadWrite.All", "Read and change what is in every SharePoint site."},
	{"Sites.Selected", "Use only those SharePoint sites that an administrator has allowed one by one."},
	{"Team.ReadBasic.All", "Read the names and descriptions of teams."},
	{"User.Invite.All", "Invite guests into the tenant."},
	{"User.Read", "Sign the person in and read their own profile."},
	{"User.Read.All", "Read the full profile of every user."},
	{"User.ReadBasic.All", "Read every user's name, mail address and photo."},
	{"User.ReadWrite.All", "Read, create, change and delete users."},
	{"UserAuthenticationMethod.Read.All", "Read how users can sign in: phones, keys, authenticator apps."},
	{"email", "Tell the application the person's mail address."},
	{"offline_access", "Stay signed in: the application gets a refresh token."},
	{"openid", "Tell the application who signed in."},
	{"profile", "Tell the application the person's name and the like."},
}

// operations are what the second word of a name lets do. In a row's text %s is the
// resource.
var operations = []struct{ name, meaning string }{
	{"AccessAsUser", "use %s as the signed-in person may"},
	{"Create", "create %s"},
	{"Edit", "edit %s"},
	{"Export", "export %s"},
	{"FullControl", "do anything with %s"},
	{"Install", "install %s"},
	{"Invite", "invite %s"},
	{"Join", "join %s"},
	{"Manage", "manage %s"},
	{"PrivilegedOperations", "carry out far-reaching actions on %s"},
	{"Read", "read %s"},
	{"ReadBasic", "read the basic properties of %s"},
	{"ReadWrite", "read and change %s"},
	{"Selected", "use those of %s that an administrator has allowed one by one"},
	{"Send", "send %s"},
	{"SendMessage", "send messages to %s"},
	{"Update", "update %s"},
	{"Write", "change %s"},
}

// constraints are what the third word of a name narrows or widens.
var constraints = []struct{ name, meaning string }{
	{"All", "throughout the organization"},
	{"AppFolder", "in the application's own folder"},
	{"Chat", "in a chat where the application is installed"},
	{"Group", "in a team where the application is installed"},
	{"OwnedBy", "where the application is an owner"},
	{"Selected", "where an administrator has allowed it one by one"},
	{"Shared", "shared ones included"},
	{"User", "for a person who installed the application"},
}

// describePermission says what a permission allows. listed is false where that was only
// read from its name, as Resource.Operation.Constraint.
func describePermission(name string) (meaning string, listed bool) {
	for _, p := range permissions {
		if strings.EqualFold(p.name, name) {
			return p.meaning, true
		}
	}
	if name == ".default" || strings.HasSuffix(name, "/.default") {
		return "All that the application has been granted.", true
	}
	words := strings.Split(name, ".")
	if len(words) < 2 || len(words) > 3 {
		return "", false
	}
	operation := ""
	for _, o := range operations {
		if o.name == words[1] {
			operation = o.meaning
		}
	}
	if operation == "" {
		return "", false
	}
	meaning = strings.Replace(operation, "%s", spellOut(words[0]), 1)
	if len(words) == 3 {
		limit := "in " + spellOut(words[2])
		for _, c := range constraints {
			if c.name == words[2] {
				limit = c.meaning
			}
		}
		meaning += ", " + limit
	}
	return failure.Capital(meaning) + ".", false
}

// spellOut makes words of a name in camel case: DeviceManagementApps, device management
// apps. Capitals that stand together stay so: BitlockerKey, CloudPC.
func spellOut(name string) string {
	var b strings.Builder
	isUpper := func(i int) bool { return i >= 0 && i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	isLower := func(i int) bool { return i >= 0 && i < len(name) && name[i] >= 'a' && name[i] <= 'z' }
	for i := range len(name) {
		c := name[i]
		if c == '-' || c == '_' {
			c = ' '
		} else if isUpper(i) {
			if i > 0 && (isLower(i-1) || isUpper(i-1) && isLower(i+1)) {
				b.WriteByte(' ')
			}
			if !isUpper(i+1) && !isUpper(i-1) || isLower(i+1) {
				c += 'a' - 'A'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
