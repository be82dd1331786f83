import { OneOf, Text, TextMap, Variant, Variants } from '../messages/fields.ts';
import { Passing } from '../messages/rules.ts';
import { uploadPathProblem } from './upload-path.ts';

/** All of /output as a ZIP archive, in a form's field `file`. */
export class ZipAndHttpPost {
  @OneOf(['zip_and_http_post']) output_upload_type = 'zip_and_http_post' as const;
  @Text({ max: 65_536 }) url!: string;
  @TextMap() form_fields: Map<string, string> | null = null;
}

/** All of /output as a ZIP archive, as the request's body. */
export class ZipAndHttpPut {
  @OneOf(['zip_and_http_put']) output_upload_type = 'zip_and_http_put' as const;
  @Text({ max: 65_536 }) url!: string;
}

/** One file of /output, in a form's field `file`. */
export class SingleFilePost {
  @OneOf(['single_file_post']) output_upload_type = 'single_file_post' as const;
  @Text({ max: 65_536 }) url!: string;
  @TextMap() form_fields: Map<string, string> | null = null;
  @Passing(uploadPathProblem) @Text({ max: 65_536 }) relative_path!: string;
  @TextMap() signed_headers: Map<string, string> | null = null;
}

/** One file of /output, as the request's body. */
export class SingleFilePut {
  @OneOf(['single_file_put']) output_upload_type = 'single_file_put' as const;
  @Text({ max: 65_536 }) url!: string;
  @Passing(uploadPathProblem) @Text({ max: 65_536 }) relative_path!: string;
  @TextMap() signed_headers: Map<string, string> | null = null;
}

export type SingleUpload = SingleFilePost | SingleFilePut;

export const singleUploadClasses = () => [SingleFilePost, SingleFilePut];

/** Several files, and all the rest of /output as `system_output`. */
export class MultiUpload {
  @OneOf(['multi_upload']) output_upload_type = 'multi_upload' as const;
  @Variants('output_upload_type', singleUploadClasses) uploads!: SingleUpload[];
  @Variant('output_upload_type', () => [ZipAndHttpPost, ZipAndHttpPut])
  system_output: ZipAndHttpPost | ZipAndHttpPut | null = null;
}

/** Where a job's files in /output go. */
export type OutputUpload = SingleUpload | ZipAndHttpPost | ZipAndHttpPut | MultiUpload;

export const outputUploadClasses = () => [
  ...singleUploadClasses(),
  ZipAndHttpPost,
  ZipAndHttpPut,
  MultiUpload,
];
