package main

import (
	"strings"
	"testing"
)

func TestMayShare(t *testing.T) {
	const guid = "8886ad7b-1795-4542-9808-c85859d97f23"
	for _, line := range []string{
		`Connect-Entra`,
		`Connect-Entra -Scopes "User.Read.All", 'Group.ReadWrite.All' -NoWelcome:$false`,
		`Connect-Entra -TenantId "d5aec55f-2d12-4442-8d2f-ccca95d4390e" -ApplicationId ` + guid + ` -CertificateThumbprint F8813914053FBFB5D84F1EFA9EDB3205621C1126`,
		`Connect-Entra -AccessToken $secureString`,
		`Connect-Entra -AccessToken env:TOKEN`,
		`Connect-Entra env:TOKEN`,
		`Connect-Entra -Credential ` + guid,
		`Connect-Entra -Credential ` + guid + `:@secret.txt -Tenant contoso1234567890.onmicrosoft.com`,
		"Connect-Entra `\n -Identity",
		`Connect-Entra -C x`,
		`Connect-Entra -NoSuch -ClientTimeout 12345678901234567890`,
		`Connect-Entra -TenantId $env:TENANT -Verbose -ErrorAction Stop`,
		`Connect-Entra -Scopes https://graph.microsoft.com/User.Read.All`,
		`connect-entra --client-id ` + guid,
	} {
		want := !strings.Contains(line, "-C x") // could be ClientSecretCredential
		if mayShare(line) != want {
			t.Errorf("%s: %v", line, !want)
		}
	}
	token := practiceToken(`{"aud":"x"}`)
	for _, line := range []string{
		`Connect-Entra -AccessToken hunter2`,
		`Connect-Entra -Access hunter2`,
		`Connect-Entra -AccessToken:hunter2`,
		`connect-entra --access-token=hunter2`,
		`Connect-Entra -AccessToken "hun" + "ter2" -NoWelcome 1`,
		`Connect-Entra -AccessToken 12345`,
		`Connect-Entra -AccessToken hun,ter2`,
		`Connect-Entra -Cred ` + guid + `:hunter2`,
		`Connect-Entra -Credential (Get-It 'hunter2')`,
		`Connect-Entra (ConvertTo-SecureString hunter2 -AsPlainText -Force)`,
		`Connect-Entra -CertificatePassword hunter2`,
		`Connect-Entra -CertificatePass hunter2`,
		`Connect-Entra ` + token,
		`Connect-Entra -TenantId ` + token,
		`Connect-Entra -ClientId x8Q~abcdefghijklmnopqrstuvwxyz.ABC_1234`,
		`Connect-Entra -Scopes User.Read,5f4dcc3b5aa765d61d8327deb882cf99`,
		`Connect-Entra -NoWelcome # hunter2`,
		`$t = 'hunter2'; Connect-Entra -AccessToken $t`,
		"$t = 'hunter2'\nConnect-Entra",
		`Connect-Entra -Identity -- env TOKEN=hunter2 sh`,
		`Connect-Entra -Scopes "hunter2`,
		`Connect-Entra -ClientSecret hunter2`,
		`Connect-Entra -Password hunter2`,
		`connect-entra --password=hunter2`,
		`Connect-Entra -AccessToken ([securestring]'hunter2')`,
		`Connect-Entra -TenantId "$(Get-It hunter2)"`,
		`Connect-Entra -TenantId $x.Get('hunter2')`,
		`Connect-Entra @{AccessToken='hunter2'}`,
	} {
		if mayShare(line) {
			t.Errorf("%s makes a link", line)
		}
	}
}
