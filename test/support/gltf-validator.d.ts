/** What of the Khronos glTF validator the tests use; it brings no types of its own. */
declare module 'gltf-validator' {
  interface Report {
    readonly issues: { readonly messages: readonly object[] };
    readonly info: { readonly totalVertexCount: number; readonly totalTriangleCount: number };
  }
  export function validateBytes(data: Uint8Array): Promise<Report>;
}
