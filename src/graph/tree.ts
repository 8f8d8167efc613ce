/** Nested plain objects and arrays with leaves of T: parameters, optimiser states, batches. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** The tree type with every leaf `From` replaced by `To`. */
export type MapLeaves<S, From, To> = S extends From
  ? To
  : S extends readonly unknown[] | object
    ? { -readonly [K in keyof S]: MapLeaves<S[K], From, To> }
    : S;
