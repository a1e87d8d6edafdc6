// Prints a token as any program with Azure's SDK for JavaScript gets it.
import { DefaultAzureCredential } from "@azure/identity";

const { token } = await new DefaultAzureCredential().getToken(process.argv[2]);
console.log(token);
